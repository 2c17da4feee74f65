//! Fields that Meta knows and that are never set here: unset, withdrawn, or visible only with permissions that no app here
//! has. Meta leaves them out of its answers. The lists are those of facebook-business 26.0.3, without what is served.

/// The kinds of objects, as Meta's errors name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeType {
    Application,
    Business,
    Page,
    User,
}

impl NodeType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "Application",
            Self::Business => "Business",
            Self::Page => "Page",
            Self::User => "User",
        }
    }

    pub(crate) fn knows(self, field: &str) -> bool {
        let known = match self {
            Self::Application => OF_APPLICATIONS,
            Self::Business => OF_BUSINESSES,
            Self::Page => OF_PAGES,
            Self::User => OF_USERS,
        };
        known.split_whitespace().any(|name| name == field)
    }
}

/// `adobjects/application.py`
const OF_APPLICATIONS: &str = "\
    aam_rules an_ad_space_limit an_platforms android_key_hash android_sdk_error_categories app_domains \
    app_events_config app_events_feature_bitmask app_events_session_timeout app_install_tracked app_name \
    app_signals_binding_ios app_type auth_dialog_data_help_url auth_dialog_headline \
    auth_dialog_perms_explanation auth_referral_default_activity_privacy auth_referral_enabled \
    auth_referral_extended_perms auth_referral_friend_perms auth_referral_response_type auth_referral_user_perms \
    auto_event_mapping_android auto_event_mapping_ios auto_event_setup_enabled auto_log_app_events_default \
    auto_log_app_events_enabled business canvas_fluid_height canvas_fluid_width canvas_url category \
    client_config company config_ids configured_ios_sso contact_email created_time creator_uid \
    daily_active_users daily_active_users_rank deauth_callback_url default_share_mode description enigma_config \
    financial_id gdpv4_chrome_custom_tabs_enabled gdpv4_enabled gdpv4_nux_content gdpv4_nux_enabled \
    has_messenger_product hosting_url icon_url ios_bundle_id ios_sdk_dialog_flows ios_sdk_error_categories \
    ios_sfvc_attr ios_supports_native_proxy_auth_flow ios_supports_system_auth ipad_app_store_id \
    iphone_app_store_id latest_sdk_version logging_token logo_url migrations mobile_profile_section_url \
    mobile_web_url monthly_active_users monthly_active_users_rank namespace object_store_urls owner_business \
    page_tab_default_name page_tab_url photo_url privacy_policy_url profile_section_url property_id \
    protected_mode_rules real_time_mode_devices restrictions restrictive_data_filter_params \
    restrictive_data_filter_rules sdk_update_message seamless_login secure_canvas_url secure_page_tab_url \
    server_ip_whitelist smart_login_bookmark_icon_url smart_login_menu_icon_url social_discovery subcategory \
    suggested_events_setting supported_platforms supports_apprequests_fast_app_switch supports_attribution \
    supports_implicit_sdk_logging suppress_native_ios_gdp terms_of_service_url url_scheme_suffix \
    user_support_email user_support_url website_url weekly_active_users";

/// `adobjects/business.py`
const OF_BUSINESSES: &str = "\
    block_offline_analytics collaborative_ads_managed_partner_business_info \
    collaborative_ads_managed_partner_eligibility collaborative_ads_partner_premium_options created_by \
    created_time extended_updated_time is_hidden link marketing_messages_onboarding_status payment_account_id \
    primary_page profile_picture_uri timezone_id two_factor_type updated_by updated_time user_access_expire_time \
    vertical vertical_id whatsapp_business_manager_messaging_limit";

/// `adobjects/page.py`
const OF_PAGES: &str = "\
    about ad_campaign affiliation app_id artists_we_like attire available_promo_offer_ids awards band_interests \
    band_members best_page bio birthday booking_agent breaking_news_usage built business can_checkin can_post \
    checkins company_overview connected_instagram_account connected_page_backed_instagram_account \
    contact_address copyright_attribution_insights copyright_whitelisted_ig_partners country_page_likes cover \
    culinary_team current_location delivery_and_pickup_option_info description description_html \
    differently_open_offerings directed_by display_subtext displayed_message_response_time \
    does_viewer_have_page_permission_link_ig emails engagement fan_count featured_video features followers_count \
    food_styles founded general_info general_manager genre global_brand_page_name global_brand_root_id \
    has_added_app has_lead_access has_transitioned_to_new_page_experience has_whatsapp_business_number \
    has_whatsapp_number hometown hours impressum influences instagram_business_account is_always_open \
    is_calling_eligible is_chain is_community_page is_eligible_for_branded_content \
    is_eligible_for_disable_connect_ig_btn_for_non_page_admin_am_web is_messenger_bot_get_started_enabled \
    is_messenger_platform_bot is_owned is_permanently_closed is_published is_unclaimed is_verified \
    is_webhooks_subscribed keywords leadgen_tos_acceptance_time leadgen_tos_accepted leadgen_tos_accepting_user \
    location members merchant_id merchant_review_status messaging_feature_status \
    messenger_ads_default_icebreakers messenger_ads_default_quick_replies messenger_ads_quick_replies_type \
    mini_shop_storefront mission mpg name_with_location_descriptor network new_like_count offer_eligible \
    overall_star_rating owner_business page_backed_threads_account_id page_token parent_page parking \
    payment_options personal_info personal_interests pharma_safety_info phone pickup_options place_type \
    plot_outline preferred_audience press_contact price_range priority_hours privacy_info_url produced_by \
    products promotion_eligible promotion_ineligible_reason public_transit rating_count recipient record_label \
    release_date restaurant_services restaurant_specialties schedule screenplay_by season single_line_address \
    starring start_info store_code store_location_descriptor store_number studio \
    supports_donate_button_in_live_video talking_about_count temporary_status unread_message_count \
    unread_notif_count unseen_message_count user_access_expire_time username voip_info website were_here_count \
    whatsapp_number written_by";

/// `adobjects/user.py`, which still has those that Graph v3.0 withdrew, such as `verified` and `timezone`.
const OF_USERS: &str = "\
    about age_range birthday client_business_id community cover currency education favorite_athletes \
    favorite_teams gender hometown inspirational_people install_type installed is_guest_user is_work_account \
    languages link local_news_megaphone_dismiss_status local_news_subscription_status locale location \
    meeting_for payment_pricepoints political profile_pic quotes relationship_status religion \
    shared_login_upgrade_required_by significant_other sports supports_donate_button_in_live_video \
    third_party_id timezone token_for_business updated_time verified video_upload_limits website";
